import type { NodeKind } from '@fairway/contract/nodes/kinds'
import {
  IconArrowsSplit2,
  IconBolt,
  IconDatabaseExport,
  IconHammer,
  IconHourglass,
  IconMessage,
  IconPlayerPlay,
  IconRepeat,
  IconRocket,
  IconRoute,
  IconUserCheck,
  IconVariable,
} from '@tabler/icons-react'

const ICONS: Readonly<Record<NodeKind, typeof IconBolt>> = {
  Workflow: IconArrowsSplit2,
  LoopWorkflow: IconRepeat,
  LoopData: IconVariable,
  Build: IconHammer,
  Release: IconRocket,
  JobRun: IconPlayerPlay,
  AddonBackup: IconDatabaseExport,
  Action: IconBolt,
  Condition: IconHourglass,
  Message: IconMessage,
  Approval: IconUserCheck,
  RunTemplate: IconRoute,
}

export function StepIcon({ kind }: { kind: NodeKind }) {
  const Icon = ICONS[kind]
  return <Icon size={16} aria-hidden style={{ flexShrink: 0 }} />
}
