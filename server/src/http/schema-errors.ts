import type { ErrorObject } from 'ajv'

/** One mistake in a message: where (JSON Pointer, '' is the message itself) and what. */
export interface SchemaError {
  readonly path: string
  readonly message: string
}

const pointer = (name: string) => `/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`

/**
 * Ajv's findings in the words of an `ErrorBody`, each at the key it is about: a missing or unknown key is named in the
 * path. The branches of a failed union are left out where a more exact finding exists. At most 100.
 */
export function schemaErrors(errors: readonly ErrorObject[]): SchemaError[] {
  const found = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'if')
  const list = (found.length > 0 ? found : errors).map(({ instancePath, keyword, params, message }) => {
    const { missingProperty, additionalProperty } = params as Record<string, unknown>
    if (typeof missingProperty === 'string')
      return { path: instancePath + pointer(missingProperty), message: 'is missing' }
    if (typeof additionalProperty === 'string')
      return { path: instancePath + pointer(additionalProperty.slice(0, 80)), message: 'is not known here' }
    if (keyword === 'const')
      return {
        path: instancePath,
        message: `must be ${JSON.stringify((params as { allowedValue: unknown }).allowedValue)}`,
      }
    return { path: instancePath, message: message ?? 'is not valid' }
  })
  return [...new Map(list.map((error) => [`${error.path} ${error.message}`, error])).values()].slice(0, 100)
}
