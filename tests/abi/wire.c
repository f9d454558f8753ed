#include "tests/abi/wire.h"

#include <stdlib.h>
#include <string.h>

static void put(wire* w, uint8_t byte) {
  if (w->length >= sizeof(w->bytes)) abort(); /* A test that outgrew its buffer. */
  w->bytes[w->length++] = byte;
}

static void put_varint(wire* w, uint64_t value) {
  while (value >= 0x80) {
    put(w, (uint8_t)(value | 0x80));
    value >>= 7;
  }
  put(w, (uint8_t)value);
}

void wire_number(wire* w, unsigned field, uint64_t value) {
  put_varint(w, (uint64_t)field << 3);
  put_varint(w, value);
}

void wire_bytes(wire* w, unsigned field, const void* bytes, size_t length) {
  const uint8_t* from = bytes;
  size_t i;
  put_varint(w, (uint64_t)field << 3 | 2);
  put_varint(w, length);
  for (i = 0; i < length; ++i) put(w, from[i]);
}

void wire_text(wire* w, unsigned field, const char* text) { wire_bytes(w, field, text, strlen(text)); }

void wire_message(wire* w, unsigned field, const wire* message) {
  wire_bytes(w, field, message->bytes, message->length);
}

static uint64_t get_varint(const uint8_t* bytes, size_t length, size_t* at) {
  uint64_t value = 0;
  int shift = 0;
  while (*at < length && shift < 64) {
    const uint8_t byte = bytes[(*at)++];
    value |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80) break;
    shift += 7;
  }
  return value;
}

typedef struct found {
  unsigned count;
  uint64_t number;
  const uint8_t* bytes;
  size_t length;
} found;

static found find(const uint8_t* bytes, size_t length, unsigned field) {
  found f = {0, 0, NULL, 0};
  size_t at = 0;
  while (at < length) {
    const uint64_t tag = get_varint(bytes, length, &at);
    const int wanted = tag >> 3 == field;
    if (wanted) ++f.count;
    if ((tag & 7) == 0) {
      const uint64_t value = get_varint(bytes, length, &at);
      if (wanted) f.number = value;
    } else if ((tag & 7) == 2) {
      const size_t size = (size_t)get_varint(bytes, length, &at);
      if (size > length - at) abort();
      if (wanted) {
        f.bytes = bytes + at;
        f.length = size;
      }
      at += size;
    } else {
      at += (tag & 7) == 1 ? 8 : 4;
    }
  }
  return f;
}

uint64_t wire_find_number(const uint8_t* bytes, size_t length, unsigned field) {
  return find(bytes, length, field).number;
}

const uint8_t* wire_find_bytes(const uint8_t* bytes, size_t length, unsigned field, size_t* size) {
  const found f = find(bytes, length, field);
  *size = f.length;
  return f.bytes;
}

unsigned wire_count(const uint8_t* bytes, size_t length, unsigned field) { return find(bytes, length, field).count; }
