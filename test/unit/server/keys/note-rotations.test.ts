import { expect, it } from '@jest/globals'
import { noteRotations } from '../../../../server/src/keys/note-rotations.ts'
import { ServerKeys } from '../../../../server/src/keys/server-keys.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()

it('only a rotation without an audit row gets one, and neither the first key nor one that was noted', async () => {
  const keys = await ServerKeys.load(store)
  noteRotations(keys, store.audit)
  expect(store.audit.entries()).toEqual([])
  const noted = await keys.rotate()
  store.audit.append({ actor: 'ada', action: 'key-rotated', detail: { previous: keys.id, kid: noted.kid } })
  const { kid } = await keys.rotate()
  for (let i = 0; i < 2; i++) noteRotations(keys, store.audit)
  expect(store.audit.entries()).toMatchObject([
    { actor: 'server', action: 'key-rotated', detail: { previous: noted.kid, kid, foundAtStart: true } },
    { actor: 'ada' },
  ])
})
