import { describe, expect, it } from '@jest/globals'
import { PanalError, type Pointers } from '@panal/client-core'
import type { ModelVersion } from '@panal/server'
import { chooseVersions } from '../../../../../server/src/gate/calibrate/choose-versions.ts'

const version = (number: number, logLoss: number, { sound = true, accuracy = 0.9, sha = String(number) } = {}) =>
  ({
    version: number,
    weightsSha256: sha,
    evaluation: { sound, evaluation: { numExamples: 100, accuracy, logLoss } },
  }) as unknown as ModelVersion

function registryOf(versions: readonly ModelVersion[], pointers: Partial<Pointers>) {
  return {
    pointers: () => ({ head: null, champion: null, anchor: null, ...pointers }) as Pointers,
    version: (_: string, number: number) => {
      const found = versions.find((each) => each.version === number)
      if (found === undefined) throw new PanalError('unknown-version')
      return found
    },
    // A page of two, newest first.
    versions: (_: string, { before = Infinity }: { before?: number } = {}) =>
      [...versions]
        .reverse()
        .filter((each) => each.version < before)
        .slice(0, 2),
  }
}

const initial = { ...version(0, 0), evaluation: null }
const versions = [
  initial,
  version(1, 0.9),
  version(2, 0.5),
  version(3, 0.41),
  version(4, 0.4),
  version(5, 9, { sound: false }),
  version(6, 0.42),
  version(7, 0.39),
]
const numbers = (chosen: ReturnType<typeof chooseVersions>) => ({
  champion: chosen.champion.version,
  anchor: chosen.anchor?.version,
  like: chosen.like?.version,
  earlier: chosen.earlier.map((each) => each.version),
})

describe('the versions of a calibration', () => {
  it('are champion and anchor, the nearest one as good, and the last, the middle and the first sound one before', () => {
    expect(numbers(chooseVersions(registryOf(versions, { champion: 4, anchor: 2 }), 'toy'))).toEqual({
      champion: 4,
      anchor: 2,
      like: 3, // .41 is within 10 % of .40, and nearer than 6
      earlier: [3, 2, 1],
    })
  })
  it('prefers the later one of two that are as near', () => {
    const even = [version(1, 0.4), version(2, 0.4), version(3, 0.4)]
    expect(chooseVersions(registryOf(even, { champion: 2 }), 'toy').like?.version).toBe(3)
  })
  it('takes the version that is asked for as the champion', () => {
    expect(numbers(chooseVersions(registryOf(versions, { champion: 4 }), 'toy', 2))).toEqual({
      champion: 2,
      anchor: undefined,
      like: undefined, // .41 is more than 10 % from .50
      earlier: [1],
    })
  })
  it('takes no other name of the same weights, nothing less accurate, nothing unsound for another version', () => {
    const none = [
      version(1, 0.4, { accuracy: 0.87 }),
      version(2, 0.4),
      version(3, 0.4, { sha: '2' }),
      version(4, 0.4, { sound: false }),
    ]
    expect(chooseVersions(registryOf(none, { champion: 2 }), 'toy').like).toBeNull()
  })
  it('must be named where nothing was promoted', () => {
    expect(() => chooseVersions(registryOf(versions, {}), 'toy')).toThrow(/--version/)
    expect(() => chooseVersions(registryOf(versions, { champion: 4 }), 'toy', 99)).toThrow(PanalError)
  })
})
