/** One request, as the routes take it. */
export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly body: Readonly<Record<string, unknown>>;
  /** Who the token acts as. */
  readonly login: string;
}

export interface Reply {
  /** 0 breaks the connection. */
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function notFound(): Reply {
  return { status: 404, body: { message: 'Not Found' } };
}

export function tooLong(): Reply {
  return {
    status: 422,
    body: {
      message: 'Validation Failed',
      errors: [
        {
          resource: 'IssueComment',
          code: 'unprocessable',
          field: 'data',
          message: 'Body is too long (maximum is 65536 characters)',
        },
      ],
    },
  };
}
