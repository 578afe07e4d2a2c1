import { describe } from 'vitest';
import { BRIDGE_CLIENTS } from './bridge-clients.js';
import { describeClients } from './client-rules.js';
import { COMMAND_LINE_CLIENTS } from './command-line-clients.js';

describe('clients that are programs', () => describeClients([...BRIDGE_CLIENTS, ...COMMAND_LINE_CLIENTS]));
