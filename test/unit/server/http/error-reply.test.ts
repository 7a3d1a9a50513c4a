import { describe, expect, it } from '@jest/globals'
import { PanalError } from '@panal/client-core'
import { errorReply, retryAfterSeconds } from '../../../../server/src/http/error-reply.ts'

describe('errorReply', () => {
  it('gives a PanalError its status, its sentence and its further fields', () => {
    const error = new PanalError('round-closed', 'too late', { retryAfterMs: 1500, extra: { round: { number: 3 } } })
    expect(errorReply(error)).toEqual({
      status: 410,
      body: { code: 'round-closed', detail: 'too late', retryAfterMs: 1500, round: { number: 3 } },
    })
  })

  it('never lets further fields change the code or the sentence', () => {
    const error = new PanalError('forbidden', 'no', { extra: { code: 'ok', detail: 'yes' } })
    expect(errorReply(error).body).toEqual({ code: 'forbidden', detail: 'no' })
  })

  it('names the path of every schema error, also of missing and unknown keys', () => {
    // As Ajv 8 reports them.
    const validation = [
      { instancePath: '', keyword: 'required', params: { missingProperty: 'a/b' }, message: 'must have …' },
      { instancePath: '', keyword: 'additionalProperties', params: { additionalProperty: 'odd' }, message: 'must …' },
      { instancePath: '/list/1', keyword: 'type', params: { type: 'integer' }, message: 'must be integer' },
      { instancePath: '/kind', keyword: 'const', params: { allowedValue: 'image' }, message: 'must be equal …' },
      { instancePath: '/kind', keyword: 'anyOf', params: {}, message: 'must match a schema in anyOf' },
    ]
    const { status, body } = errorReply({ validation, validationContext: 'body', statusCode: 400 })
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'bad-request', detail: 'the body does not match its schema' })
    expect(body.errors).toEqual([
      { path: '/a~1b', message: 'is missing' },
      { path: '/odd', message: 'is not known here' },
      { path: '/list/1', message: 'must be integer' },
      { path: '/kind', message: 'must be "image"' },
    ])
  })

  it.each([
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'unsupported-media-type'],
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'too-large'],
    ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 400, 'length-mismatch'],
    ['FST_ERR_CTP_INVALID_JSON_BODY', 400, 'bad-request'],
  ])('translates %s', (code, statusCode, expected) => {
    expect(errorReply(Object.assign(new Error('x'), { code, statusCode }))).toMatchObject({
      status: statusCode,
      body: { code: expected },
    })
  })

  it('says nothing of an error that nobody expected', () => {
    for (const error of [
      new Error('password is hunter2'),
      'hunter2',
      undefined,
      { statusCode: 502, message: 'hunter2' },
    ]) {
      const reply = errorReply(error)
      expect(reply).toMatchObject({ status: 500, body: { code: 'internal' } })
      expect(JSON.stringify(reply)).not.toContain('hunter2')
    }
  })
})

it('Retry-After is whole seconds, rounded up, at least 1', () => {
  expect([1, 1000, 1001, 5000].map(retryAfterSeconds)).toEqual(['1', '1', '2', '5'])
})
