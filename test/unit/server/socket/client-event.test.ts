import { describe, expect, it, jest } from '@jest/globals'
import { parseClientEvent } from '../../../../server/src/socket/client-event.ts'

const ack = () => undefined

describe('parseClientEvent', () => {
  it('lets a known event with a fitting payload and an acknowledgement through', () => {
    expect(parseClientEvent('watch', [{ taskId: 'digits' }, ack])).toEqual({
      ok: true,
      name: 'watch',
      message: { taskId: 'digits' },
      answer: ack,
    })
  })

  it.each([['frobnicate'], ['__proto__'], ['constructor'], ['toString'], [7], [null], [undefined], [{}]])(
    'refuses the event name %j',
    (name) => {
      const answer = jest.fn()
      const parsed = parseClientEvent(name, [{}, answer])
      expect(parsed).toMatchObject({ ok: false, refusal: { code: 'bad-request' } })
      if (!parsed.ok) parsed.answer(parsed.refusal)
      expect(answer).toHaveBeenCalledWith(expect.objectContaining({ ok: false, code: 'bad-request' }))
    },
  )

  it.each([
    [[]],
    [[ack]],
    [[{ taskId: 'digits' }]],
    [[{ taskId: 'digits' }, 'no function']],
    [[{ taskId: 'digits' }, {}, ack]],
    [[null, ack]],
    [['digits', ack]],
    [[{ taskId: 7 }, ack]],
    [[{ taskId: '../../etc' }, ack]],
    [[{ taskId: 'digits', more: 1 }, ack]],
    [[JSON.parse('{"taskId":"digits","__proto__":{"admin":true}}'), ack]],
    [[Buffer.from('digits'), ack]],
  ])('refuses the arguments %j without throwing', (args) => {
    const parsed = parseClientEvent('watch', args)
    expect(parsed).toMatchObject({ ok: false, refusal: { ok: false, code: 'bad-request' } })
    if (!parsed.ok) expect(() => parsed.answer(parsed.refusal)).not.toThrow()
  })

  it('takes numbers as they are: "5" is not 5', () => {
    const conditions = { charging: true, unmetered: true, idle: true }
    expect(parseClientEvent('heartbeat', [{ phase: 'training', roundNumber: 5, conditions }, ack]).ok).toBe(true)
    expect(parseClientEvent('heartbeat', [{ phase: 'training', roundNumber: '5', conditions }, ack]).ok).toBe(false)
    expect(parseClientEvent('heartbeat', [{ phase: 'training', roundNumber: 1.5, conditions }, ack]).ok).toBe(false)
  })
})
