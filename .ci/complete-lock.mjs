/**
 * Run after `npm install`. A registry that does not serve the binaries of other platforms makes npm leave these optional
 * packages out of package-lock.json, and `npm ci` then refuses the lock for what is missing. This adds them, as npm
 * itself would have written them, without a digest: they are never installed here, and elsewhere npm looks them up.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const { packages } = lock

/** From `@swc/core-linux-arm64-gnu` to what npm calls its platform. */
const platforms = /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)/
function platformOf(name) {
  const [, os, cpu] = platforms.exec(name) ?? []
  if (os === undefined) throw new Error(`${name} names no platform that this script knows`)
  const libc = os === 'linux' ? { gnu: 'glibc', musl: 'musl' }[name.split('-').pop()] : undefined
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] }
}

const isThere = (path, name) => `${path}/node_modules/${name}` in packages || `node_modules/${name}` in packages
let numAdded = 0
for (const [path, { dev, optionalDependencies = {} }] of Object.entries(packages))
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isThere(path, name)) continue
    if (!/^\d+\.\d+\.\d+$/.test(version))
      throw new Error(`${path} asks for ${name} ${version}, which is no one version`)
    const { cpu, libc, os } = platformOf(name)
    packages[`node_modules/${name}`] = {
      version,
      cpu,
      ...(dev ? { dev } : {}),
      ...(libc === undefined ? {} : { libc }),
      optional: true,
      os,
    }
    numAdded += 1
  }

const root = packages['']
lock.packages = Object.fromEntries([
  ['', root],
  ...Object.entries(packages)
    .filter(([path]) => path !== '')
    .sort(byPath),
])
if (numAdded > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${numAdded} optional packages added to package-lock.json`)

function byPath([a], [b]) {
  return a.localeCompare(b, 'en')
}
