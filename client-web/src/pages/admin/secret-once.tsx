import { Alert, Button, Code, CopyButton, Group } from '@mantine/core'

interface SecretOnceProps {
  readonly title: string
  readonly secret: string
}

/** A token or a link: shown now and never again. */
export function SecretOnce({ title, secret }: SecretOnceProps) {
  return (
    <Alert color="teal" role="status" title={title}>
      <Group gap="xs">
        <Code style={{ overflowWrap: 'anywhere' }}>{secret}</Code>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Alert>
  )
}
