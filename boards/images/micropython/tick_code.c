// The module `tick_code`: where the compiled tick begins, for whoever puts it into the vector table (drivers/tick_vector.py), and where
// hard_fault.c leaves the registers (drivers/last_words.py); and whether the image is whole. The tick itself is tick.c, written when the image is made.
#include "py/obj.h"
#include "py/runtime.h"

extern void press_tick(void);
extern uint32_t press_fault[]; // hard_fault.c

static mp_obj_t tick_code_entry(void) {
    return mp_obj_new_int_from_uint((uintptr_t)press_tick);
}
static MP_DEFINE_CONST_FUN_OBJ_0(tick_code_entry_obj, tick_code_entry);

static mp_obj_t tick_code_fault(void) {
    return mp_obj_new_int_from_uint((uintptr_t)press_fault);
}
static MP_DEFINE_CONST_FUN_OBJ_0(tick_code_fault_obj, tick_code_fault);

// Whether the flash holds the image that was built: 32-bit FNV-1a over its words against the word behind it (boards/images/build.py).
// A change within one word never passes, another one in four billion. Six instructions a word: 11 ms, no SHA-256 is as quick here.
#define IMAGE_BEGIN ((const uint32_t *)0x10000000)
extern const uint32_t __flash_binary_end;

static mp_obj_t tick_code_image_is_whole(void) {
    uint32_t sum = 2166136261u;
    const uint32_t *word = IMAGE_BEGIN;
    for (; word < &__flash_binary_end; word++) {
        sum = (sum ^ *word) * 16777619u;
    }
    return mp_obj_new_bool(sum == *word);
}
static MP_DEFINE_CONST_FUN_OBJ_0(tick_code_image_is_whole_obj, tick_code_image_is_whole);

static const mp_rom_map_elem_t tick_code_names[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_tick_code) },
    { MP_ROM_QSTR(MP_QSTR_entry), MP_ROM_PTR(&tick_code_entry_obj) },
    { MP_ROM_QSTR(MP_QSTR_fault), MP_ROM_PTR(&tick_code_fault_obj) },
    { MP_ROM_QSTR(MP_QSTR_image_is_whole), MP_ROM_PTR(&tick_code_image_is_whole_obj) },
};
static MP_DEFINE_CONST_DICT(tick_code_globals, tick_code_names);

const mp_obj_module_t tick_code_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&tick_code_globals,
};
MP_REGISTER_MODULE(MP_QSTR_tick_code, tick_code_module);
