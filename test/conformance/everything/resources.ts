import { invalidParams, type Members } from './conversation.js';
import { PNG } from './item.js';

const resource = (uri: string, name: string, mimeType: string): Members => ({
  uri,
  name,
  mimeType,
  description: `${name} of the fixture`,
});

export const RESOURCES: readonly Members[] = [
  resource('test://static-text', 'Static text', 'text/plain'),
  resource('test://static-binary', 'Static binary', 'image/png'),
  resource('test://watched-resource', 'Watched resource', 'text/plain'),
  resource('test://example-resource', 'Example resource', 'text/plain'),
  // Servers name resources after people.
  resource('test://named', 'Statement of ada@example.com', 'text/plain'),
];

export const TEMPLATES: readonly Members[] = [
  {
    uriTemplate: 'test://template/{id}/data',
    name: 'Template',
    mimeType: 'application/json',
    description: 'Data of one id',
  },
];

const TEMPLATE = /^test:\/\/template\/([^/]+)\/data$/;

/** @throws RpcError for an address that is not there, with the address in its data */
export const readResource = (uri: string, notFound: number): Members => {
  const id = TEMPLATE.exec(uri)?.[1];
  if (id !== undefined)
    return {
      contents: [{ uri, mimeType: 'application/json', text: JSON.stringify({ id, data: `Data for ${id}` }) }],
    };
  const found = RESOURCES.find((one) => one['uri'] === uri);
  if (found === undefined) {
    const error = invalidParams('Resource not found', { uri });
    throw Object.assign(error, { code: notFound });
  }
  const { mimeType } = found;
  if (mimeType === 'image/png') return { contents: [{ uri, mimeType, blob: PNG }] };
  return { contents: [{ uri, mimeType, text: `This is the content of ${uri}.` }] };
};
