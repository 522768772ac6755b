import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { sentenceOf } from './api-error.ts'
import { queryClient } from './queries.ts'

type Action<Input, Output> = {
  run(input: Input): Promise<Output>
  /** What is read again afterwards, besides what events refresh. */
  refresh?: readonly unknown[]
  /** Said when it was done. Left out where the page itself shows it. */
  done?: string
  after?(output: Output, input: Input): void
}

/** A button's work: told when it fails, with the server's sentence, and never left hanging. */
export const useAction = <Input = void, Output = unknown>({
  run,
  refresh,
  done,
  after,
}: Action<Input, Output>) =>
  useMutation({
    mutationFn: run,
    onSuccess: (output, input) => {
      if (refresh !== undefined) void queryClient.invalidateQueries({ queryKey: refresh })
      if (done !== undefined) notifications.show({ message: done, color: 'green' })
      after?.(output, input)
    },
    onError: (error) => {
      notifications.show({
        title: 'That did not work',
        message: sentenceOf(error),
        color: 'red',
        autoClose: 10_000,
      })
    },
  })
