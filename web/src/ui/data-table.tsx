import { Table, VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'

type DataTableProps = {
  /** The last may be empty: buttons have no title. */
  head: readonly string[]
  rows: readonly { key: string; cells: readonly ReactNode[] }[]
  minWidth?: number
}

/** Rows under titles; scrolls sideways where the screen is too narrow. */
export function DataTable({ head, rows, minWidth = 560 }: DataTableProps) {
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it, too.
      tabIndex={0}
      aria-label={`Table: ${head[0]}`}
      style={{ overflowX: 'auto', position: 'relative' }}
    >
      <Table highlightOnHover miw={minWidth}>
        <Table.Thead>
          <Table.Tr>
            {head.map((title) => (
              <Table.Th key={title}>
                {title === '' ? <VisuallyHidden>Actions</VisuallyHidden> : title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ key, cells }) => (
            <Table.Tr key={key}>
              {cells.map((cell, column) => (
                <Table.Td key={head[column]}>{cell}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  )
}
