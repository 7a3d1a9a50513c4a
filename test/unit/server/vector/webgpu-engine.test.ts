/**
 * @jest-environment <rootDir>/test/native-environment.mjs
 */
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { vectorEngines, type Rows } from '@panal/server'
import { openDevice } from '../../../../server/src/vector/webgpu/device.ts'
import { makeWebGpuEngine } from '../../../../server/src/vector/webgpu/engine.ts'
import { randomRows, rowsOf } from '../../../fixtures/vector-rows.ts'

const rows = rowsOf(randomRows(makeRng('lost'), 5, 259))
const lost = { name: 'VectorError', code: 'device-lost' }

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What still waits for a device that is gone would end the process here, and the tests with it. */
afterEach(async () => {
  collectGarbage()
  await setImmediate()
  collectGarbage()
})

it('says that its device is lost, whatever it is asked for', async () => {
  const engine = await vectorEngines.webgpu({})
  engine.close() // destroys the device: as lost as a driver that has crashed
  await expect(engine.weightedSum(rows, new Float64Array(5).fill(1))).rejects.toMatchObject(lost)
  await expect(engine.squaredDistances(rows)).rejects.toMatchObject(lost)
  await expect(engine.select(rows, { by: 'median' })).rejects.toMatchObject(lost)
})

describe.each([0, 64, 192])('while it reads param %d', (from) => {
  it.each(['before', 'after'] as const)('says so if it is closed %s they are written', async (when) => {
    const engine = await vectorEngines.webgpu({ maxTileBytes: 1280 }) // 64 params of five rows
    const failing: Rows = {
      ...rows,
      async read(start, ...part) {
        if (start === from && when === 'before') engine.close()
        await rows.read(start, ...part)
        if (start === from && when === 'after') engine.close()
      },
    }
    await expect(engine.select(failing, { by: 'median' })).rejects.toMatchObject(lost)
  })

  it('says so if the device is gone once they are written', async () => {
    const open = await openDevice()
    const engine = makeWebGpuEngine(open, { maxTileBytes: 1280 })
    const failing: Rows = {
      ...rows,
      async read(start, ...part) {
        await rows.read(start, ...part)
        if (start === from) open.device.destroy() // as lost as by a driver that was reset
      },
    }
    await expect(engine.select(failing, { by: 'median' })).rejects.toMatchObject(lost)
  })
})

/** Reads each part in two goes, with turns of others between them; `between` is told where. */
const slowly = (between: (start: number) => void): Rows => ({
  ...rows,
  async read(start, into, first) {
    for (const [from, to] of [
      [0, 2],
      [2, into.length],
    ] as const) {
      await rows.read(start, into.slice(from, to), (first ?? 0) + from)
      if (from === 0) between(start)
      for (let turn = 0; turn < 3; turn++) await setImmediate()
    }
  },
})

it.each([0, 64])('takes no memory from what is being read when it is closed at param %d', async (from) => {
  const engine = await vectorEngines.webgpu({ maxTileBytes: 1280 })
  const starts: number[] = []
  const lengths: number[] = []
  const closing: Rows = {
    ...rows,
    async read(start, into) {
      starts.push(start)
      for (let turn = 0; turn < 2; turn++) await setImmediate()
      if (start === from) engine.close()
      // the first tile is read long before the second: by then nobody but this one keeps the memory
      for (let turn = 0; turn < 2 + start; turn++) await setImmediate()
      lengths.push(...into.map(({ length }) => length)) // 0, where the memory is gone
    },
  }
  await expect(engine.select(closing, { by: 'median' })).rejects.toMatchObject(lost)
  expect(lengths).toEqual(Array(10).fill(64))
  expect(starts).toEqual([0, 64]) // and nothing is read for nothing
})

it('waits for what is still being read when reading fails, and works afterwards', async () => {
  const engine = await vectorEngines.webgpu({ maxTileBytes: 1280 })
  try {
    const ended: number[] = []
    const torn: Rows = {
      ...rows,
      async read(start, ...part) {
        if (start === 0) throw new Error('torn')
        await slowly(() => undefined).read(start, ...part)
        ended.push(start)
      },
    }
    await expect(engine.select(torn, { by: 'median' })).rejects.toThrow('torn')
    expect(ended).toEqual([64])
    const read = slowly(() => undefined)
    expect(await engine.select(read, { by: 'median' })).toEqual(await engine.select(rows, { by: 'median' }))
  } finally {
    engine.close()
  }
})

it.each([1, 2, 5, 64, 128])('selects of %d values in registers what it selects in its memory', async (count) => {
  const several = rowsOf(randomRows(makeRng('registers'), count, 259))
  const selections = [{ by: 'median' }, { by: 'trimmed-mean', trim: Math.floor((count - 1) / 4) }] as const
  const selected: Float32Array[][] = []
  for (const registersFrom of [1, 260]) {
    const engine = makeWebGpuEngine(await openDevice(), { registersFrom, maxTileBytes: 1024 * count })
    try {
      selected.push([await engine.select(several, selections[0]), await engine.select(several, selections[1])])
    } finally {
      engine.close()
    }
  }
  expect(selected[0]).toEqual(selected[1])
})
