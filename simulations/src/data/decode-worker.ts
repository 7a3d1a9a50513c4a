import { parentPort } from 'node:worker_threads'
import { messageOf } from './data-file-error.ts'
import type { Decoded, DecodeJob } from './decode-messages.ts'
import { imagePixels } from './image-pixels.ts'

const port = parentPort!
port.on('message', ({ index, bytes, shape }: DecodeJob) => {
  try {
    const pixels = imagePixels(bytes, shape)
    port.postMessage({ index, pixels } satisfies Decoded)
  } catch (error) {
    port.postMessage({ index, error: messageOf(error) } satisfies Decoded)
  }
})
