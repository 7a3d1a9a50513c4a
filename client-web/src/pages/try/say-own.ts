import { formatPercent } from '../../components/format.ts'
import type { OwnModel } from '../../device/worker-messages.ts'

/** What is known of a browser's own model, in a sentence or two. */
export function sayOwn({ metrics, version, roundNumber }: OwnModel): string {
  const trained = `Yours was trained here after round ${roundNumber}, and never leaves this browser.`
  if (metrics === null) return `${trained} No example was held out to measure it with.`
  const { shared, personal } = metrics
  const on =
    personal.numExamples === 1 ? 'the one example' : `the ${personal.numExamples.toLocaleString('en')} examples`
  return `${trained} On ${on} of yours that it never trained on it is right in ${formatPercent(personal.accuracy)}, shared model ${version} in ${formatPercent(shared.accuracy)}.`
}
