import { parentPort } from 'node:worker_threads'
import { makeGateChecks } from './checks/registry.ts'
import type { Evaluation, GateCheck, GateSubject } from './contract.ts'
import type { FromJudge, Outcomes, Question, Task, ToJudge } from './judge-protocol.ts'
import { measureCandidate } from './measure-candidate.ts'
import { openEvaluation } from './open-evaluation.ts'
import type { Sources } from './sources.ts'

const port = parentPort
if (port === null) throw new Error('judge-worker.ts runs as a worker thread only')

interface Opened {
  readonly checks: readonly GateCheck[]
  readonly evaluation: Evaluation
}

/** Stopping is ending the thread. */
const never = new AbortController().signal
const asked = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>()
let lastId = 0
let opened: Opened | undefined

const say = (message: FromJudge): void => port.postMessage(message)

port.on('message', (message: ToJudge) => {
  switch (message.type) {
    case 'open':
      opened = open(message.subject)
      return
    case 'close':
      opened = undefined
      // What a check asked that has ended before is not answered any more.
      asked.clear()
      return
    case 'answer':
      asked.get(message.id)?.resolve(message.answer)
      asked.delete(message.id)
      return
    case 'no-answer':
      asked.get(message.id)?.reject(new Error(message.detail))
      asked.delete(message.id)
      return
    default:
      run(message).then(
        (outcome) => say({ type: 'done', outcome }),
        (error: unknown) => say({ type: 'failed', detail: error instanceof Error ? error.message : String(error) }),
      )
  }
})

async function run(task: Task): Promise<Outcomes[keyof Outcomes]> {
  if (opened === undefined) throw new Error('nothing was opened to be judged')
  const { checks, evaluation } = opened
  if (task.type === 'measure') return measureCandidate(evaluation, never)
  const check = checks[task.index]
  if (check === undefined) throw new Error(`there is no check ${task.index}`)
  return check.judge(evaluation)
}

const open = (subject: GateSubject): Opened => ({
  checks: makeGateChecks(subject.document.gate.checks),
  evaluation: openEvaluation(subject, remoteSources),
})

/** The main thread has the models' answers, or has the evaluator make them. */
const remoteSources: Sources = {
  params: (...args) => ask('params', args),
  examples: (...args) => ask('examples', args),
  answers: (...args) => ask('answers', args),
  answersAnew: (...args) => ask('answersAnew', args),
  answersUnder: (...args) => ask('answersUnder', args),
  baseline: (...args) => ask('baseline', args),
}

function ask<Name extends keyof Sources>(name: Name, args: Parameters<Sources[Name]>): ReturnType<Sources[Name]> {
  const id = ++lastId
  const answer = new Promise((resolve, reject) => asked.set(id, { resolve, reject }))
  say({ type: 'question', id, name, args } as Question)
  // The main thread answers each question with what belongs to its name.
  return answer as ReturnType<Sources[Name]>
}
