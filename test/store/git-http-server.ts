import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, basename } from 'node:path';

/** git's own smart HTTP server (`git http-backend`, a CGI program) on loopback, for one repository and one token. */
export async function startGitServer(options: {
  readonly repository: string;
  readonly token: string;
}): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const { repository, token } = options;
  const wanted = `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const header = (name: string): string => String(request.headers[name] ?? '');
    const child = spawn('git', ['http-backend'], {
      env: {
        ...{ PATH: process.env['PATH'], GIT_PROJECT_ROOT: dirname(repository), GIT_HTTP_EXPORT_ALL: '1' },
        ...{ PATH_INFO: pathname, QUERY_STRING: searchParams.toString(), REMOTE_USER: 'x-access-token' },
        ...{ REQUEST_METHOD: request.method, CONTENT_TYPE: header('content-type') },
        ...{ HTTP_CONTENT_ENCODING: header('content-encoding'), GIT_PROTOCOL: header('git-protocol') },
      },
    });
    request.pipe(child.stdin);
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.on('close', () => {
      const output = Buffer.concat(parts);
      const end = output.indexOf('\r\n\r\n');
      const fields = output.subarray(0, end).toString().split('\r\n');
      const status = fields.find((line) => line.startsWith('Status: '))?.slice(8, 11) ?? '200';
      for (const line of fields.filter((one) => !one.startsWith('Status: '))) {
        const [name = '', value = ''] = line.split(/: (.*)/s);
        response.setHeader(name, value);
      }
      response.writeHead(Number(status)).end(output.subarray(end + 4));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${basename(repository)}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
