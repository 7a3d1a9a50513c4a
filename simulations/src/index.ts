export type * from './partition/partitioner.ts'
export * from './partition/registry.ts'
export * from './tasks/prepared-task.ts'
export * from './tasks/registry.ts'
