/* Just enough of the protobuf wire format to speak to the phone core from plain C: writes fields into a buffer, finds a
 * field in bytes. An app uses its language's protobuf library instead. */
#ifndef DOORSTEP_TESTS_ABI_WIRE_H_
#define DOORSTEP_TESTS_ABI_WIRE_H_

#include <stddef.h>
#include <stdint.h>

typedef struct wire {
  uint8_t bytes[1024];
  size_t length;
} wire;

void wire_number(wire* w, unsigned field, uint64_t value);
void wire_bytes(wire* w, unsigned field, const void* bytes, size_t length);
void wire_text(wire* w, unsigned field, const char* text);
void wire_message(wire* w, unsigned field, const wire* message);

/* The last number of this field; 0 when absent. */
uint64_t wire_find_number(const uint8_t* bytes, size_t length, unsigned field);
/* The last bytes, text or message of this field; NULL when absent. */
const uint8_t* wire_find_bytes(const uint8_t* bytes, size_t length, unsigned field, size_t* found);
/* How often the field occurs. */
unsigned wire_count(const uint8_t* bytes, size_t length, unsigned field);

#endif /* DOORSTEP_TESTS_ABI_WIRE_H_ */
