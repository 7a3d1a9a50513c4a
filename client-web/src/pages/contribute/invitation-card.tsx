import { Alert } from '@mantine/core'
import { IconLock, IconMail, IconMailOff } from '@tabler/icons-react'
import { formatTime } from '../../components/format.ts'
import type { Admission } from '../../data/admission.ts'

/** For a task that takes devices by invitation: whether this browser has one, and what to do if not. */
export function InvitationCard({ admission }: { readonly admission: Admission }) {
  switch (admission.state) {
    case 'open':
    case 'checking':
      return null
    case 'needed':
      return (
        <Alert color="yellow" icon={<IconLock size={18} />} title="This task takes devices by invitation" role="status">
          Ask whoever runs it for a link, and open that link in this browser.
        </Alert>
      )
    case 'invited':
      return (
        <Alert color="teal" icon={<IconMail size={18} />} title="You are invited" role="status">
          The invitation lets this browser in when you press Start below, until {formatTime(admission.expiresAt)}.
        </Alert>
      )
    case 'refused':
      return (
        <Alert color="red" icon={<IconMailOff size={18} />} title="This invitation does not let you in" role="alert">
          {sentence(admission.reason)} Ask whoever sent it for another link: each is good for one browser.
        </Alert>
      )
  }
}

/** The server's reasons begin small and end without a stop. */
const sentence = (reason: string): string => `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`
