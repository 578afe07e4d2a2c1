export { createSseDecoder, type SseDecoder, type SseEvent } from './sse-read.js';
export { type SseMessageOptions, sseComment, sseMessage } from './sse-write.js';
