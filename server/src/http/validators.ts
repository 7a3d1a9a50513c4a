import { Ajv } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'

// Fastify's defaults turn "5" into 5 and null into 0, drop unknown keys and stop at the first error.
const exact = new Ajv({
  strict: true,
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  allErrors: true,
})
// A query and a path are text by nature: only there may "5" mean 5.
const fromText = new Ajv({
  strict: true,
  coerceTypes: true,
  removeAdditional: false,
  useDefaults: false,
  allErrors: true,
})

/** Validates each part of a request; a body is taken exactly as it came. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) =>
  (httpPart === 'querystring' || httpPart === 'params' ? fromText : exact).compile(schema)
