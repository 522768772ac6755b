import type { FlowNode, NodeKind } from '@fairway/contract/nodes/kinds'
import {
  IconArrowsSplit2,
  IconBolt,
  IconBox,
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

export function StepIcon({ kind }: { kind: FlowNode['kind'] }) {
  // What makes a resource is shown as one.
  const Icon = ICONS[kind as NodeKind] ?? IconBox
  return <Icon size={16} aria-hidden style={{ flexShrink: 0 }} />
}
