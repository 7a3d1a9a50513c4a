import { describe, expect, it } from '@jest/globals'
import { admissionOf, type AdmissionFacts } from '../../../../client-web/src/data/admission.ts'

const coded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const good = `${coded({ kid: 'key' })}.${coded({ aud: 'digits', exp: 1000 })}.c2ln`
const invitation = { invitation: good, key: null }
const facts: AdmissionFacts = {
  card: { id: 'digits', enrolment: 'invitation' },
  kept: { invitation: null, isEnrolled: false },
  keyIds: ['key'],
  now: 1,
  refusal: null,
}

describe('admissionOf', () => {
  it('asks nothing for a task that is open, and nothing of a browser that was let in', () => {
    expect(admissionOf({ ...facts, card: { id: 'digits' } })).toEqual({ state: 'open' })
    expect(admissionOf({ ...facts, card: { id: 'digits', enrolment: 'open' } })).toEqual({ state: 'open' })
    expect(admissionOf({ ...facts, kept: { invitation: null, isEnrolled: true } })).toEqual({ state: 'open' })
  })

  it('says nothing before it knows', () => {
    expect(admissionOf({ ...facts, kept: undefined })).toEqual({ state: 'checking' })
    const kept = { invitation, isEnrolled: false }
    expect(admissionOf({ ...facts, kept, keyIds: undefined })).toEqual({ state: 'checking' })
  })

  it('tells apart who needs an invitation, has a good one, has a bad one, and was refused', () => {
    expect(admissionOf(facts)).toEqual({ state: 'needed' })
    const kept = { invitation, isEnrolled: false }
    expect(admissionOf({ ...facts, kept })).toEqual({ state: 'invited', expiresAt: 1_000_000 })
    expect(admissionOf({ ...facts, kept, now: 1_000_000 })).toMatchObject({ state: 'refused' })
    expect(admissionOf({ ...facts, refusal: 'it was used' })).toEqual({ state: 'refused', reason: 'it was used' })
  })

  it('believes a new invitation over the refusal of the one before', () => {
    const kept = { invitation, isEnrolled: false }
    expect(admissionOf({ ...facts, kept, refusal: 'it was used' })).toMatchObject({ state: 'invited' })
  })
})
