import type { Command } from 'commander'
import type { TaskSets } from '../registry/task-document.ts'
import type { CliContext } from './context.ts'
import { fields, show } from './output.ts'
import { onServer } from './server-command.ts'

/** `panal task sets …` */
export function taskSetsCommand(task: Command, context: CliContext): void {
  onServer(
    task
      .command('sets')
      .description('what models are judged by: shown, or changed where an option says so')
      .argument('<id>', 'the task')
      .option('--evaluation <sha256>', 'another evaluation set')
      .option('--calibration <sha256>', 'another calibration set')
      .option('--gate <sha256>', 'another gate set; `panal dataset add` stores one and prints its digest'),
    context,
    async (api, { json, evaluation, calibration, gate }, [id = '']) => {
      const path = `/v1/tasks/${encodeURIComponent(id)}/sets`
      const changes = {
        ...(evaluation !== undefined && { evaluation }),
        ...(calibration !== undefined && { calibration }),
        ...(gate !== undefined && { gate }),
      }
      if (Object.keys(changes).length > 0) {
        const { warnings } = await api.post<{ warnings: string[] }>(path, changes)
        for (const warning of warnings) context.complain(`panal: warning: ${warning}\n`)
      }
      const answer = await api.get<{ sets: TaskSets; numLooks: number }>(path)
      show(context, json, answer, () => fields({ ...answer.sets, 'looks at the gate set': answer.numLooks }))
    },
  )
}
