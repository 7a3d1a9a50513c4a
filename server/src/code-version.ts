import { readFileSync } from 'node:fs'

const packageFile = new URL('../package.json', import.meta.url)

/** Version of this program, as package.json has it: part of every model version's lineage and of every backup. */
export const codeVersion = (): string => (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version
