import { PanalError } from '@panal/client-core'
import type { App } from './ports.ts'

/** Nothing that is meant for the server is nested deeper: a model's topology, the deepest, needs about twenty levels. */
const maxNesting = 100

/** What bodies the server takes: JSON as it came, or (where a route streams) raw octets. Nothing compressed, nothing mended. */
export function limitBodies(app: App): void {
  // 100 MB of zeros are 158 bytes of brotli.
  app.addHook('onRequest', ({ headers }, _reply, done) =>
    done(headers['content-encoding'] === undefined ? undefined : new PanalError('unsupported-encoding')),
  )
  // `error`: a key `__proto__` or `constructor.prototype` is refused, not dropped.
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = readUtf8(body as Buffer)
    if (text === undefined) return done(new PanalError('bad-request', 'the body is not UTF-8 text'))
    if (nesting(text) > maxNesting)
      return done(new PanalError('bad-request', `the body is nested deeper than ${maxNesting} levels`))
    return parseJson(request, text, done)
  })
}

/** Fastify's own parser puts U+FFFD in the place of bytes that are not UTF-8. */
function readUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Deepest level of arrays and objects in a JSON text: what walks the value by recursion would need as much stack. */
export function nesting(json: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < json.length; i++) {
    const char = json.charCodeAt(i)
    if (inString) {
      if (char === backslash) i++
      else if (char === quote) inString = false
    } else if (char === quote) inString = true
    else if (char === openArray || char === openObject) deepest = Math.max(deepest, ++depth)
    else if (char === closeArray || char === closeObject) depth--
  }
  return deepest
}

const [quote, backslash, openArray, closeArray, openObject, closeObject] = Array.from('"\\[]{}', (char) =>
  char.charCodeAt(0),
)
