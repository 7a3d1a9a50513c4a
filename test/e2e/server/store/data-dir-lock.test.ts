import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { openDataDir } from '../../../../server/src/store/data-dir.ts'

const holder = fileURLToPath(new URL('./lock-holder.ts', import.meta.url))
let folder: string
let children: ChildProcess[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-lock-'))
  children = []
})
afterEach(async () => {
  await Promise.all(children.map(kill))
  await rm(folder, { recursive: true })
})

/** Another process that tries to open the folder; resolves with what came of it. */
async function openElsewhere(): Promise<{ child: ChildProcess; said: unknown }> {
  const child = fork(holder, [folder], { execArgv: ['--import', 'tsx'] })
  children.push(child)
  const [said] = (await once(child, 'message')) as [unknown]
  return { child, said }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

describe('the lock of a data directory', () => {
  it('[I10] [F48] keeps a second process out, and lets the next in after a kill -9', async () => {
    const { child, said } = await openElsewhere()
    expect(said).toBe('open')
    await expect(openDataDir(folder)).rejects.toMatchObject({ code: 'data-dir-in-use' })
    await kill(child)
    ;(await openDataDir(folder)).close()
  })

  it('[I10] [F48] holds although this process, too, has been refused: a failed attempt must not drop it', async () => {
    const dataDir = await openDataDir(folder)
    await expect(openDataDir(folder)).rejects.toMatchObject({ code: 'data-dir-in-use' })
    expect((await openElsewhere()).said).toBe('data-dir-in-use')
    dataDir.close()
    expect((await openElsewhere()).said).toBe('open')
  })
})
