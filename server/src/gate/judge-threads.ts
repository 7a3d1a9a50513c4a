import { makeJudgeThread, type JudgeThread, type JudgeThreadParts } from './judge-thread.ts'

export interface JudgeThreadsParts extends Partial<JudgeThreadParts> {
  /** Judgements at a time; others wait for their turn. Default 2: while one waits for its models, another can count. */
  readonly maxThreads?: number
}

/** Threads for judgements, each of which has one for itself: whatever becomes of it, the others go on. */
export interface JudgeThreads {
  /** @throws the signal's reason when it aborts before its turn; what the work throws */
  use<Result>(signal: AbortSignal, work: (thread: JudgeThread) => Promise<Result>): Promise<Result>
  /** Ends what is at work. */
  close(): Promise<void>
}

/** One thread is kept for the next judgement, in which its code is compiled already; further ones are ended. */
export function makeJudgeThreads(parts: JudgeThreadsParts = {}): JudgeThreads {
  const { maxThreads = 2, maxHeapMb = 1024, workerUrl } = parts
  const open = (): JudgeThread => makeJudgeThread({ maxHeapMb, ...(workerUrl !== undefined && { workerUrl }) })
  const atWork = new Set<JudgeThread>()
  /** Whoever waits for a turn, first come first. */
  const queue: { readonly begin: () => void; readonly refuse: (error: Error) => void }[] = []
  let numTaken = 0
  let idle: JudgeThread | undefined
  let isClosed = false

  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.splice(queue.indexOf(waiting), 1)
        reject(signal.reason as Error)
      }
      const waiting = {
        begin: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
        refuse: (error: Error) => {
          signal.removeEventListener('abort', leave)
          reject(error)
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      queue.push(waiting)
    })

  /** A turn is handed on as it is, so that nobody who comes later gets in between. */
  const passOn = (): void => {
    const next = queue.shift()
    if (next === undefined) numTaken--
    else next.begin()
  }

  const rest = async (thread: JudgeThread): Promise<void> => {
    atWork.delete(thread)
    if (isClosed || idle !== undefined) return thread.end()
    thread.forget()
    idle = thread
  }

  return {
    async use(signal, work) {
      signal.throwIfAborted()
      if (isClosed) throw new Error('the gate is closed')
      if (numTaken < maxThreads) numTaken++
      else await turn(signal)
      const thread = idle ?? open()
      idle = undefined
      atWork.add(thread)
      try {
        return await work(thread)
      } finally {
        await rest(thread)
        passOn()
      }
    },
    async close() {
      isClosed = true
      for (const { refuse } of queue.splice(0)) refuse(new Error('the gate is closed'))
      await Promise.all([idle?.end(), ...[...atWork].map((thread) => thread.end())])
    },
  }
}
