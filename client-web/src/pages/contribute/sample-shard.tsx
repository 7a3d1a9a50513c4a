import { Alert, Radio, Stack, Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { ChooserProps } from './chosen-data.ts'

/** Public examples to borrow, for a visitor who only wants to see it work; plainly not the visitor's own. */
export function SampleShard({ card, onChange }: ChooserProps) {
  const [sha256, setSha256] = useState(card.samples[0]?.sha256 ?? null)
  const sample = card.samples.find((each) => each.sha256 === sha256)
  useEffect(() => {
    onChange(
      sample === undefined
        ? null
        : {
            source: { kind: 'sample', label: sample.label, sha256: sample.sha256 },
            numExamples: sample.numExamples,
          },
    )
  }, [sample, onChange])
  if (card.samples.length === 0)
    return (
      <Text size="sm" c="dimmed">
        This task has no sample to borrow.
      </Text>
    )
  return (
    <Stack gap="sm">
      <Alert variant="light" color="gray" p="sm">
        These are public examples from the server, not yours: good to see how it works, without adding anything that the
        model could not learn elsewhere.
      </Alert>
      <Radio.Group label="Sample to borrow" value={sha256} onChange={setSha256}>
        <Stack gap={8} mt="xs">
          {card.samples.map(({ label, sha256: value, numExamples }) => (
            <Radio
              key={value}
              value={value}
              label={label}
              description={`${numExamples.toLocaleString('en')} examples · sha256 ${value.slice(0, 12)}…`}
            />
          ))}
        </Stack>
      </Radio.Group>
    </Stack>
  )
}
