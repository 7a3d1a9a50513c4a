/**
 * @jest-environment <rootDir>/test/native-environment.mjs
 */
import { expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { vectorEngines, type Rows } from '@panal/server'
import { randomRows, rowsOf } from '../../../fixtures/vector-rows.ts'

const rows = rowsOf(randomRows(makeRng('lost'), 5, 259))
const lost = { name: 'VectorError', code: 'device-lost' }

it('says that its device is lost, whatever it is asked for', async () => {
  const engine = await vectorEngines.webgpu({})
  engine.close() // destroys the device: as lost as a driver that has crashed
  await expect(engine.weightedSum(rows, new Float64Array(5).fill(1))).rejects.toMatchObject(lost)
  await expect(engine.squaredDistances(rows)).rejects.toMatchObject(lost)
  await expect(engine.select(rows, { by: 'median' })).rejects.toMatchObject(lost)
})

it.each([0, 64, 192])('says so if it is lost while it works, at param %d', async (from) => {
  const engine = await vectorEngines.webgpu({ maxTileBytes: 1280 }) // 64 params of five rows
  const failing: Rows = {
    ...rows,
    read(start, ...part) {
      if (start === from) engine.close()
      return rows.read(start, ...part)
    },
  }
  await expect(engine.select(failing, { by: 'median' })).rejects.toMatchObject(lost)
})
