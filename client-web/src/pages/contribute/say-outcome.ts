import type { LedgerEntry } from '@panal/client-core'

/** What became of an update: a word for the table, a sentence behind it. */
export function sayOutcome(
  { receipt, refused, countedIn }: Pick<LedgerEntry, 'receipt' | 'refused' | 'countedIn'>,
  closedRound: { readonly candidateVersion?: number } | undefined,
): { readonly text: string; readonly detail: string } {
  if (refused !== undefined)
    return { text: 'refused', detail: `The server refused it (${refused}); it counts nowhere.` }
  if (receipt === undefined)
    return {
      text: '?',
      detail: 'It left, or a part of it did, and no receipt came. Whether it counts is not known here.',
    }
  const signed = `The server has signed for it (key ${receipt.keyId.slice(0, 8)}…), with the weight ${receipt.weight.toLocaleString('en')}.`
  // While this page was closed the round may have ended: then the server is asked.
  const version = countedIn ?? (countedIn === undefined ? closedRound?.candidateVersion : undefined)
  if (version !== undefined) return { text: `v${version}`, detail: signed }
  if (countedIn === null || closedRound !== undefined)
    return { text: 'none', detail: `${signed} Its round came to nothing, so it is part of no version.` }
  return { text: 'open', detail: `${signed} Its round is not over yet.` }
}
