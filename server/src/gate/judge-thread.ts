import type { Worker } from 'node:worker_threads'
import type { GateSubject } from './contract.ts'
import type { FromJudge, Outcomes, Question, Task, ToJudge } from './judge-protocol.ts'
import type { Sources } from './sources.ts'
import { settling, type Ends } from './settling.ts'
import { spawnWorker } from '../thread.ts'

/** One judgement: of whom, by what, until when. */
export interface Trial {
  readonly subject: GateSubject
  readonly sources: Sources
  readonly signal: AbortSignal
}

/** A thread that makes checks, one at a time. It starts with the first, and is started again after it died. */
export interface JudgeThread {
  /**
   * @throws the signal's reason when it aborts, whatever the thread was at: it is ended; an Error in plain words when the
   * task fails or the thread dies
   */
  run<Type extends Task['type']>(task: Task & { readonly type: Type }, trial: Trial): Promise<Outcomes[Type]>
  /** Lets go of what the last trial has left in it. */
  forget(): void
  /** For good: what runs is rejected, and nothing begins any more. */
  end(): Promise<void>
}

export interface JudgeThreadParts {
  /** Most memory of a thread for JavaScript objects (arrays of numbers are not counted). */
  readonly maxHeapMb: number
  /** Another program than `judge-worker.ts` that speaks the same protocol: for tests. */
  readonly workerUrl?: URL
}

/** One life of the worker. */
interface Life {
  readonly worker: Worker
  trial?: Trial | undefined
  waiting?: Ends<Outcomes[keyof Outcomes]> | undefined
}

export function makeJudgeThread({ maxHeapMb, workerUrl }: JudgeThreadParts): JudgeThread {
  const url = workerUrl ?? new URL('./judge-worker.ts', import.meta.url)
  let life: Life | undefined
  let isEnded = false

  const start = (): Life => {
    const worker = spawnWorker(url, { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } })
    const born: Life = { worker }
    const die = (error: Error): void => {
      if (life === born) life = undefined
      born.waiting?.reject(error)
    }
    worker.on('message', (message: FromJudge) => {
      if (message.type === 'question') return void answer(born, message)
      if (message.type === 'done') born.waiting?.resolve(message.outcome)
      else born.waiting?.reject(new Error(message.detail))
    })
    worker.on('error', (cause) => die(new Error(`the judging thread failed: ${cause.message}`, { cause })))
    worker.on('exit', (code) => die(new Error(`the judging thread stopped with code ${code}`)))
    // An idle one does not keep the process alive; one that somebody waits for does.
    worker.unref()
    return born
  }

  const send = (task: Task, trial: Trial): Promise<Outcomes[keyof Outcomes]> =>
    new Promise((resolve, reject) => {
      const current = (life ??= start())
      if (current.trial !== trial) post(current, { type: 'open', subject: trial.subject })
      current.trial = trial
      const settled = (): void => {
        current.waiting = undefined
        trial.signal.removeEventListener('abort', stop)
        current.worker.unref()
      }
      const stop = (): void => {
        settled()
        void kill().then(() => reject(trial.signal.reason as Error))
      }
      current.waiting = settling(settled, { resolve, reject })
      trial.signal.addEventListener('abort', stop, { once: true })
      current.worker.ref()
      post(current, task)
    })

  /** Whatever it is at: a loop that asks nobody ends, too. */
  const kill = async (): Promise<void> => {
    const killed = life
    life = undefined
    await killed?.worker.terminate()
  }

  return {
    async run<Type extends Task['type']>(task: Task & { readonly type: Type }, trial: Trial): Promise<Outcomes[Type]> {
      trial.signal.throwIfAborted()
      if (isEnded) throw new Error('the judging thread was ended')
      // The thread answers each task with what belongs to its type.
      return (await send(task, trial)) as Outcomes[Type]
    },
    forget() {
      if (life === undefined) return
      life.trial = undefined
      post(life, { type: 'close' })
    },
    end() {
      isEnded = true
      return kill()
    },
  }
}

const post = ({ worker }: Life, message: ToJudge): void => worker.postMessage(message)

/** Never rejects. What the thread asks after its trial is over is of no more use to anybody. */
async function answer(life: Life, question: Question): Promise<void> {
  const { id } = question
  if (life.trial === undefined) return
  try {
    post(life, { type: 'answer', id, answer: await lookUp(life.trial.sources, question) })
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    post(life, { type: 'no-answer', id, detail })
  }
}

function lookUp(sources: Sources, { name, args }: Question): ReturnType<Sources[keyof Sources]> {
  switch (name) {
    case 'params':
      return sources.params(...args)
    case 'examples':
      return sources.examples(...args)
    case 'answers':
      return sources.answers(...args)
    case 'answersAnew':
      return sources.answersAnew(...args)
    case 'answersUnder':
      return sources.answersUnder(...args)
    case 'baseline':
      return sources.baseline(...args)
  }
}
