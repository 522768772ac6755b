import { Anchor, Badge, Button, Group, List, Paper, Text, ThemeIcon, Title } from '@mantine/core'
import { IconCheck, IconCircleDashed } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useMay } from '../../api/use-permission.ts'
import { firstSteps, hasReleased, type Observed, type Step } from './first-steps.ts'
import { endFirstSteps, useFirstStepsAreOver } from './remembered.ts'
import { useHasGitAccount, useObserved } from './use-observed.ts'

/** The way to a first release, where there is no project yet. */
export function FirstStepsOfTeam() {
  const isShown = useIsShown()
  const hasGitAccount = useHasGitAccount()
  if (!isShown || hasGitAccount === undefined) return null
  return <Steps observed={{ hasGitAccount, project: undefined }} />
}

/** The way of a project to its first release. Nothing once one has succeeded, or for who may not go it. */
export function FirstStepsOfProject({ projectId }: { projectId: string }) {
  return useIsShown() ? <StepsOfProject projectId={projectId} /> : null
}

function useIsShown(): boolean {
  const mayWrite = useMay('write')
  const over = useFirstStepsAreOver()
  return mayWrite && !over
}

function StepsOfProject({ projectId }: { projectId: string }) {
  const observed = useObserved(projectId)
  const released = observed?.project !== undefined && hasReleased(observed.project)
  useEffect(() => {
    if (released) endFirstSteps('released')
  }, [released])
  return observed === undefined || released ? null : <Steps observed={observed} />
}

function Steps({ observed }: { observed: Observed }) {
  const steps = firstSteps(observed)
  const needed = steps.filter(({ optional }) => !optional)
  const next = needed.find(({ done }) => !done)
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="first-steps">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4" id="first-steps">
          Your first release
        </Title>
        <Group gap="sm">
          <Text size="sm" c="dimmed" role="status">
            {needed.filter(({ done }) => done).length} of {needed.length} steps done
          </Text>
          <Button variant="default" size="xs" onClick={() => endFirstSteps('dismissed')}>
            Hide these steps
          </Button>
        </Group>
      </Group>
      <List
        component="ol"
        listStyleType="none"
        spacing="xs"
        styles={{ itemWrapper: { alignItems: 'flex-start' } }}
      >
        {steps.map((step) => (
          <StepLine key={step.id} step={step} isNext={step === next} />
        ))}
      </List>
    </Paper>
  )
}

function StepLine({ step, isNext }: { step: Step; isNext: boolean }) {
  const { why, done, optional } = step
  return (
    <List.Item aria-current={isNext ? 'step' : undefined} icon={<Mark done={done} />}>
      <Text span fw={isNext ? 650 : undefined}>
        <StepTitle step={step} />
      </Text>{' '}
      {optional && !done && (
        <Badge variant="default" size="sm">
          optional
        </Badge>
      )}
      {!done && (
        <Text size="sm" c="dimmed">
          {why}
        </Text>
      )}
    </List.Item>
  )
}

function StepTitle({ step: { title, to, tab } }: { step: Step }) {
  if (to === undefined) return title
  if (!to.startsWith('#')) {
    return (
      <Anchor component={Link} to={to} search={{ tab } as never} inherit underline="always">
        {title}
      </Anchor>
    )
  }
  return (
    <Anchor href={to} inherit underline="always">
      {title}
    </Anchor>
  )
}

function Mark({ done }: { done: boolean }) {
  return (
    <ThemeIcon
      size={22}
      radius="xl"
      color={done ? 'green' : 'gray'}
      variant={done ? 'filled' : 'light'}
      role="img"
      aria-label={done ? 'Done' : 'Not done yet'}
    >
      {done ? <IconCheck size={14} aria-hidden /> : <IconCircleDashed size={14} aria-hidden />}
    </ThemeIcon>
  )
}
