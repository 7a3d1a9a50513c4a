/** Own models that were forgotten, as the windows of this browser tell each other. */

const name = 'panal-own-model-forgotten'

/** Tells all windows, this one as well. @param taskId null: those of all tasks */
export function tellForgotten(taskId: string | null): void {
  const channel = new BroadcastChannel(name)
  channel.postMessage(taskId)
  channel.close()
}

/** @returns ends it */
export function onForgotten(listen: (taskId: string | null) => void): () => void {
  const channel = new BroadcastChannel(name)
  channel.onmessage = ({ data }: MessageEvent<string | null>) => listen(data)
  return () => channel.close()
}
