import { existsSync } from 'node:fs'
import { join } from 'node:path'
import serveStatic from '@fastify/static'
import { PanalError } from '@panal/client-core'
import type { App } from './ports.ts'

/** Addresses inside the page, which the browser may ask the server for. */
const pages = ['/', '/contribute', '/try', '/admin']
const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Panal</title>
<h1>The web page has not been built</h1>
<p>Run <code>npx vite build</code> in the folder that holds package.json, then reload. The API works: see <a href="/docs">/docs</a>.</p></html>
`

/** The built web page. Files under /assets carry their hash in the name and are kept for ever; the page itself is not. */
export async function webApp(app: App, folder: string): Promise<void> {
  await app.register(serveStatic, {
    root: folder,
    serve: false,
    cacheControl: false,
    dotfiles: 'ignore',
    preCompressed: true,
  })
  const index = join(folder, 'index.html')

  for (const page of pages)
    for (const url of page === '/' ? [page] : [page, `${page}/*`])
      app.get(url, { config: { audience: 'public' }, schema: { hide: true } }, (_request, reply) => {
        reply.header('cache-control', 'no-cache')
        // Looked for on each request: a build may finish while the server runs.
        return existsSync(index) ? reply.sendFile('index.html') : reply.code(503).type('text/html').send(notBuilt)
      })

  app.get<{ Params: { '*': string } }>(
    '/*',
    { config: { audience: 'public' }, schema: { hide: true } },
    ({ params, url, headers }, reply) => {
      if (url.startsWith('/v1/') || !existsSync(folder)) throw new PanalError('not-found')
      // Somebody who mistyped an address reads the page's own answer; a program, or a missing asset, gets the code.
      if (isPageAddress(params['*']) && headers.accept?.includes('text/html') && existsSync(index))
        return reply.code(404).header('cache-control', 'no-cache').sendFile('index.html')
      const isHashed = params['*'].startsWith('assets/')
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      return reply.sendFile(params['*'])
    },
  )
}

/** A file's name has an extension; an address of the page has none. */
const isPageAddress = (path: string): boolean => !path.slice(path.lastIndexOf('/') + 1).includes('.')
