import type { RolloutReceipt } from '@fairway/contract/resources/receipt'
import { Table, Text } from '@mantine/core'
import { beginningOf, marksOf } from './receipt-series.ts'

/** The charts in words, for whoever does not see them. */
export function ReceiptTables({ receipt }: { receipt: RolloutReceipt }) {
  const marks = marksOf(receipt)
  return (
    <>
      {marks.length > 0 && (
        <Folded title="Who came and went">
          <Table verticalSpacing={4}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>After</Table.Th>
                <Table.Th>What happened</Table.Th>
                <Table.Th>Instance</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {marks.map(({ at, words }, index) => (
                <Table.Tr key={`${at} ${words}`}>
                  <Table.Td className="tabular">{at.toFixed(2)} s</Table.Td>
                  <Table.Td>{words}</Table.Td>
                  <Table.Td>{receipt.marks[index]?.instance.slice(0, 13)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Folded>
      )}
      {receipt.samples.length > 0 && (
        <Folded title="Measured, as a table">
          <Samples receipt={receipt} />
        </Folded>
      )}
    </>
  )
}

function Folded({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <details>
      <summary>
        <Text span size="sm">
          {title}
        </Text>
      </summary>
      <Table.ScrollContainer
        minWidth={520}
        maxHeight={320}
        scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}
      >
        {children}
      </Table.ScrollContainer>
    </details>
  )
}

const HEADS = [
  'Until',
  'Requests',
  'Errors',
  'p50',
  'p99',
  'New in service',
  'Old in service',
  'Old draining',
]

function Samples({ receipt }: { receipt: RolloutReceipt }) {
  const beginning = beginningOf(receipt)
  return (
    <Table verticalSpacing={4} aria-label={`Measured while ${receipt.serviceId} rolled out`}>
      <Table.Thead>
        <Table.Tr>
          {HEADS.map((head) => (
            <Table.Th key={head}>{head}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody className="tabular">
        {receipt.samples.map((one) => (
          <Table.Tr key={one.at}>
            <Table.Td>{((Date.parse(one.at) - beginning) / 1000).toFixed(1)} s</Table.Td>
            <Table.Td>{one.requests}</Table.Td>
            <Table.Td>{one.failures}</Table.Td>
            <Table.Td>{milliseconds(one.p50Ms)}</Table.Td>
            <Table.Td>{milliseconds(one.p99Ms)}</Table.Td>
            <Table.Td>{one.newRouted}</Table.Td>
            <Table.Td>{one.oldRouted}</Table.Td>
            <Table.Td>{one.oldDraining}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

const milliseconds = (value: number | null): string => (value === null ? '–' : `${value.toFixed(1)} ms`)
