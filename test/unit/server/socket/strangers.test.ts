import { beforeEach, expect, it } from '@jest/globals'
import { virtualClock, type VirtualClock } from '@panal/client-core'
import { Strangers } from '../../../../server/src/socket/strangers.ts'

let clock: VirtualClock
let strangers: Strangers
const cut: string[] = []
const come = (name: string, network = 'n') => strangers.came(network, () => cut.push(name))
beforeEach(() => {
  clock = virtualClock()
  strangers = new Strangers({ clock, maxPerNetwork: 2 })
  cut.length = 0
})

it('a network has so many, and others have their own', () => {
  const [first] = [come('a'), come('b')]
  expect([strangers.admits('n'), strangers.admits('m')]).toEqual([false, true])
  first.gone()
  first.gone()
  expect(strangers.admits('n')).toBe(true)
  come('c')
  expect(strangers.admits('n')).toBe(false)
})

it('one that a device has joined with is none any more, until the device leaves it', () => {
  const [first] = [come('a'), come('b')]
  first.joined()
  expect(strangers.admits('n')).toBe(true)
  first.watches()
  expect(strangers.admits('n')).toBe(false)
  first.gone()
  expect(strangers.admits('n')).toBe(true)
})

it('whoever is silent for half a minute is cut; whoever joins or looks on is not', async () => {
  const over = new AbortController()
  const watching = strangers.watch(over.signal)
  const [, joined, onlooker] = [come('silent'), come('joined', 'm'), come('onlooker', 'm')]
  await clock.advance(20_000)
  come('late', 'l')
  joined.joined()
  onlooker.watches()
  await clock.advance(14_000)
  expect(cut).toEqual(['silent'])
  await clock.advance(16_000)
  expect(new Set(cut)).toEqual(new Set(['silent', 'late']))
  over.abort()
  await watching
})
