import { Tabs } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'

export type PageTab = { id: string; label: string; content: () => ReactNode }

/** The parts of a page; which one is shown stands in the address, so it can be linked. */
export function PageTabs({ tabs }: { tabs: readonly PageTab[] }) {
  const { tab } = useSearch({ strict: false }) as { tab?: string }
  const navigate = useNavigate()
  const shown = tabs.find(({ id }) => id === tab) ?? tabs[0]
  return (
    <Tabs
      value={shown?.id ?? null}
      onChange={(value) =>
        void navigate({ to: '.', search: { tab: value ?? undefined } as never, replace: true })
      }
      keepMounted={false}
    >
      <Tabs.List mb="md" style={{ flexWrap: 'wrap' }}>
        {tabs.map(({ id, label }) => (
          <Tabs.Tab key={id} value={id}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ id, content }) => (
        <Tabs.Panel key={id} value={id}>
          {content()}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}
