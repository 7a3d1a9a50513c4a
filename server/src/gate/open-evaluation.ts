import type { Baseline } from './baselines/baseline.ts'
import type { CaseSet, Evaluation, GateSubject, JudgedModel, ModelRef, Predictions } from './contract.ts'
import { once } from './once.ts'
import type { Role, Sources } from './sources.ts'

/**
 * What the checks of one judgement are shown: each model at most once per set, fetched when first asked for. Whatever
 * becomes of a request is kept for this judgement: what failed once is not tried by each check in turn.
 */
export function openEvaluation(subject: GateSubject, sources: Sources): Evaluation {
  const { document, candidate } = subject
  const { sets } = document
  const params = once((of: Role) => sources.params(of))
  const examples = once((datasetSha256: string) => sources.examples(datasetSha256))
  // Asked by what it is, for each check makes its own object of it.
  const baselines = once((json: string) => sources.baseline(JSON.parse(json) as Baseline))
  const answersOf = new Map<JudgedModel, (datasetSha256: string) => Promise<Predictions>>()
  const open = (of: Role, ref: ModelRef): JudgedModel => {
    const on = once((datasetSha256: string) => sources.answers(of, datasetSha256))
    const again = once((datasetSha256: string) => sources.answersAnew(of, datasetSha256))
    const model: JudgedModel = {
      ...ref,
      params: () => params(of),
      on: (set) => on(sets[set]),
      again: (set) => again(sets[set]),
      // Kept by the sources only: answers under all variations of a judgement may be too much to hold.
      under: (set, variation) => sources.answersUnder(of, sets[set], variation),
    }
    answersOf.set(model, on)
    return model
  }
  const answersTo = (datasetSha256: string): CaseSet => ({
    examples: () => examples(datasetSha256),
    of: (model) => {
      const on = answersOf.get(model)
      if (on === undefined) throw new Error('the model is not of this evaluation')
      return on(datasetSha256)
    },
  })
  return {
    document,
    candidate: open('candidate', candidate),
    base: open('base', subject.base),
    champion: subject.champion && open('champion', subject.champion),
    anchor: subject.anchor && open('anchor', subject.anchor),
    examples: (set) => examples(sets[set]),
    calibration: answersTo(sets.calibration),
    cases: answersTo,
    baseline: (baseline) => baselines(JSON.stringify(baseline)),
    looks: subject.looks ?? { numLooks: 0, claims: [] },
    seed: `${document.seed}/${candidate.weightsSha256}`,
  }
}
