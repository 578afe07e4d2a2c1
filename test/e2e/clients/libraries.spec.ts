import { describe } from 'vitest';
import { describeClients } from './client-rules.js';
import { FRAMEWORK_CLIENTS } from './framework-clients.js';
import { SDK_CLIENTS } from './sdk-clients.js';

describe('clients that are libraries', () => describeClients([...SDK_CLIENTS, ...FRAMEWORK_CLIENTS]));
