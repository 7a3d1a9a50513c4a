import canonicalize from 'canonicalize'

/** RFC 8785 JSON: the same value gives the same text whatever the order of its keys. @throws Error on NaN, ±Infinity and cycles */
export function canonicalJson(value: object): string {
  const json = canonicalize(value)
  if (json === undefined) throw new TypeError('there is no JSON for this value')
  return json
}
