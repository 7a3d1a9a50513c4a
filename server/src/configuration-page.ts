import { settings } from './config.ts'

/** docs/configuration.md, whole. */
export function configurationPage(): string {
  const rows = settings.map(({ env, flag, fallback, help }) => [
    `\`${flag}\``,
    `\`${env}\``,
    fallback === '' ? '(none)' : `\`${fallback}\``,
    help,
  ])
  return `# Configuration

Every setting of \`panal start\` is a flag or an environment variable; a flag wins. An empty variable counts as none.
This page is written by \`npx panal settings > docs/configuration.md\` from the table in \`server/src/config.ts\`.

${markdownTable(['flag', 'variable', 'default', 'what it sets'], rows)}

Two more variables are read by the other commands of \`panal\`: \`PANAL_SERVER\` (address of the server, default
\`http://127.0.0.1:8080\`) and \`PANAL_TOKEN\` (API token; default: the one in \`<data>/admin.token\`).
`
}

/** Columns aligned, as Prettier would have them. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n')
}
