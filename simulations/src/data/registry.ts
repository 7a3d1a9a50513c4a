import type { PolicyRegistry } from '@panal/server'
import { readArrowTable } from './arrow.ts'
import { blobs } from './blobs.ts'
import { readCsvTable } from './csv.ts'
import type { DataSource } from './data-source.ts'
import { embeddings } from './embeddings.ts'
import { fashionMnist } from './fashion-mnist.ts'
import { idx } from './idx-source.ts'
import { imageFolder } from './image-folder.ts'
import { mnist } from './mnist-source.ts'
import { readParquetTable } from './parquet.ts'
import { tableSource } from './table-source.ts'
import { readTfRecordTable } from './tfrecord.ts'

/** Data that an experiment can train on. A new kind is one file and one line here. */
export const dataSources = {
  mnist,
  'fashion-mnist': fashionMnist,
  csv: tableSource('csv', readCsvTable),
  parquet: tableSource('parquet', readParquetTable),
  arrow: tableSource('arrow', readArrowTable),
  tfrecord: tableSource('tfrecord', readTfRecordTable),
  idx,
  'image-folder': imageFolder,
  embeddings,
  blobs,
} as const satisfies PolicyRegistry<DataSource>
