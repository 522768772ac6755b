import { getSecret, patchSecret, type SecretGroupView } from '@fairway/contract/routes/secrets'
import { Alert, Button, List, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { read } from '../../api/queries.ts'
import { useAction } from '../../api/use-action.ts'
import { useMay } from '../../api/use-permission.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { VariableEditor } from '../environment/variable-editor.tsx'

/** The values of a group, read only when asked for. */
export function ValuesTab({ group }: { group: SecretGroupView }) {
  const [asked, setAsked] = useState(false)
  const mayRead = useMay('admin')
  if (!mayRead) {
    return (
      <Alert title="Values are secret">
        Your token may not read them. Sign in with a token that has the permission admin.
      </Alert>
    )
  }
  if (asked) return <Values group={group} />
  return (
    <Alert title="Values are secret">
      <Stack align="flex-start" gap="xs">
        <Text size="sm">
          They are read from the server only when you ask, and each stays masked until you look at it.
        </Text>
        <Button size="xs" onClick={() => setAsked(true)}>
          Show and edit
        </Button>
      </Stack>
    </Alert>
  )
}

function Values({ group: { projectId, id } }: { group: SecretGroupView }) {
  const params = { projectId, secretId: id }
  const query = useQuery({ ...read(getSecret, { params }), gcTime: 0 })
  const save = useAction({
    run: (variables: Record<string, string>) =>
      call(patchSecret, { params, body: { secrets: { variables } } }),
    refresh: ['projects', projectId],
    done: 'Saved. Nothing restarts; what starts from now on gets these values.',
  })
  return (
    <Loaded query={query}>
      {({ secrets: { variables, files, dockerSecretMounts } }) => (
        <Stack>
          <VariableEditor
            key={JSON.stringify(variables)}
            variables={variables}
            saving={save.isPending}
            onSave={(values) => save.mutate(values)}
          />
          <Names title="Files" names={Object.keys(files)} />
          <Names title="Secret mounts of builds" names={Object.keys(dockerSecretMounts)} />
        </Stack>
      )}
    </Loaded>
  )
}

function Names({ title, names }: { title: string; names: readonly string[] }) {
  if (names.length === 0) return null
  return (
    <div>
      <Text fw={650} size="sm">
        {title}
      </Text>
      <List size="sm">
        {names.map((name) => (
          <List.Item key={name}>
            <code>{name}</code>
          </List.Item>
        ))}
      </List>
    </div>
  )
}
