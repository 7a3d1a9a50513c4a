import { socketIoChannel } from '@panal/client-core'
import { clock } from '../clock.ts'

/** The page's control connection, to look on only. A file of its own, so that the first page does not wait for it. */
export const openChannel = (signal: AbortSignal) => socketIoChannel(location.origin, {}, { clock, signal })
