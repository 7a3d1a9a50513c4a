import { describe, expect, it } from '@jest/globals'
import { explanations } from '@panal/client-core'
import { gateChecks } from '@panal/server'

describe('the explanations of a report', () => {
  it.each(Object.keys(gateChecks))('tell people who are no statisticians what %s is', (name) => {
    expect(explanations).toHaveProperty([name])
  })
})
