import { kinds, type NodeKind } from '@fairway/contract/nodes/kinds'
import { Button, Menu } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { StepIcon } from './step-icon.tsx'

const groups = [...new Set(kinds.map(({ group }) => group))]

/** The kinds of step by group. */
export function Palette({ onAdd }: { onAdd: (kind: NodeKind) => void }) {
  return (
    <Menu position="bottom-start" width={320}>
      <Menu.Target>
        <Button size="xs" leftSection={<IconPlus size={14} />}>
          Add a step
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={460} style={{ overflowY: 'auto' }}>
        {groups.map((group) => (
          <div key={group}>
            <Menu.Label>{group}</Menu.Label>
            {kinds
              .filter((entry) => entry.group === group)
              .map(({ kind, uiName }) => (
                <Menu.Item key={kind} leftSection={<StepIcon kind={kind} />} onClick={() => onAdd(kind)}>
                  {uiName}
                </Menu.Item>
              ))}
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
