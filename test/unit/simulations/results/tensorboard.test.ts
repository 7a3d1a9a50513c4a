import { PbfReader } from 'pbf'
import { describe, expect, it } from '@jest/globals'
import { resultWriters } from '@panal/simulations'
import { readRecords } from '../../../../simulations/src/data/record-framing.ts'
import { eventFile } from '../../../../simulations/src/results/tensorboard.ts'
import { runRecords } from '../../../fixtures/run-records.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('an event file', () => {
  // Written by Python's struct and the bitwise CRC of test/fixtures/data/make.py; the first two are byte for byte what
  // TensorFlow and tensorboard_logger write for the same events.
  it.each([
    [
      { wallSeconds: 256.5, fileVersion: 'brain.Event:2' },
      '1800000000000000a37f4b22' + '0900000000000870401a0d627261696e2e4576656e743a32' + 'bc98212b',
    ],
    [
      { wallSeconds: 256.5, step: 1, scalars: [['v/1', 1.5]] },
      '19000000000000008bf10828' + '09000000000008704010012a0c0a0a0a03762f31150000c03f' + '2cecc087',
    ],
    [
      {
        wallSeconds: 2.5,
        step: 300,
        scalars: [
          ['loss', 0.25],
          ['accuracy', 0.875],
        ],
      },
      '2c00000000000000f4aecc45' +
        '09000000000000044010ac022a1e0a0b0a046c6f7373150000803e0a0f0a086163637572616379150000603f' +
        'e9816d54',
    ],
  ] as const)('has the bytes that TensorBoard reads (%#)', (event, expected) => {
    expect(hex(eventFile([event]))).toBe(expected)
  })
})

/** Scalars of an event, by their tags; its step. */
function decode(data: Uint8Array) {
  const event = { step: 0, version: '', scalars: new Map<string, number>() }
  new PbfReader(data).readFields((tag, _, pbf) => {
    if (tag === 2) event.step = pbf.readVarint()
    else if (tag === 3) event.version = pbf.readString()
    else if (tag === 5)
      pbf.readMessage((field) => {
        if (field !== 1) return
        const value = { tag: '', number: NaN }
        pbf.readMessage((part) => {
          if (part === 1) value.tag = pbf.readString()
          else if (part === 2) value.number = pbf.readFloat()
        }, value)
        event.scalars.set(value.tag, value.number)
      }, event)
  }, event)
  return event
}

describe('tensorboard', () => {
  const files = resultWriters.tensorboard.write(runRecords)

  it('has a file for each run, in folders by experiment and seed', () => {
    expect(files.map(({ path }) => path.replace(/\/[^/]*tfevents[^/]*$/, ''))).toEqual([
      'tensorboard/avg/seed-1',
      'tensorboard/avg/seed-2',
      'tensorboard/prox%2C%20%22%C2%B5%20%3D%200.1%22%20%3Cb%3E/seed-1',
    ])
  })
  it('begins with the version, and has a step for each round with what was measured in it', () => {
    const events = [...readRecords(files[2]!.bytes, 'f')].map(({ data }) => decode(data))
    expect([events[0]!.version, events.length]).toEqual(['brain.Event:2', 5])
    expect(events.slice(1).map(({ step }) => step)).toEqual([1, 2, 3, 4])
    // The first round was not tested, and no device trained in it.
    const [, first, second] = events
    expect([...first!.scalars.keys()].filter((tag) => /^(test|train)/.test(tag))).toEqual([])
    expect(second!.scalars.get('test/accuracy')).toBe(Math.fround(0.1))
    expect(second!.scalars.get('train/loss')).toBe(0.5)
    expect(second!.scalars.get('round/total_megabytes')).toBe(Math.fround(0.006))
    expect(second!.scalars.get('round/simulated_seconds')).toBe(7200)
    expect(second!.scalars.get('phase/train_ms')).toBe(60)
    expect(second!.scalars.get('devices/accuracy/p090')).toBe(Math.fround(0.9))
  })
})
