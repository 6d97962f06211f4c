# SPDX-License-Identifier: BSD-2-Clause
# Boot tests: programs of the host that the scripts here use, and the scripts themselves.

PROOF_SRC := $(wildcard tests/proof/*.c)
PROOF     := $(O)/host/proof
STRIKE    := $(O)/host/strike
EDIT      := $(O)/host/edit

# Shares no code with what it judges.
$(PROOF): $(call host_obj,tool,$(PROOF_SRC))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ -lfdt

# What happens to a machine on the firmware route; the record's format is khoboot's.
$(STRIKE): $(call host_obj,tool,tests/route/strike.c $(patsubst %,tests/proof/%.c,vm ram walk))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ -lfdt

$(EDIT): $(call host_obj,tool,tests/boot/edit.c)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^

# What a human would see.
READSCREEN := $(O)/host/readscreen

$(READSCREEN): $(call host_obj,tool,tests/readscreen.c core/font.c)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^

# KHO data that lie in a guest's memory from the start.
CARRIED := $(O)/host/carried

$(CARRIED): $(call host_obj,tool,tests/firmware/carried.c $(PURE) tests/unit/kho_image.c)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ $(TOOL_LIBS)

# EFI programs of the tests, by gnu-efi's own start code and script.
FRAGMENT := $(O)/$(ARCH)/fragment.efi
INSTALL  := $(O)/$(ARCH)/install.efi
NAIVE    := $(O)/$(ARCH)/naive.efi

$(FRAGMENT): tests/firmware/fragment.c
$(INSTALL): tests/firmware/install.c
$(FRAGMENT) $(INSTALL): tests/firmware/start.h
$(NAIVE): tests/bench/naive.c
$(FRAGMENT) $(INSTALL) $(NAIVE):
	$(call say,EFI,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 -Wall -Wextra -Werror -ffreestanding -fpic -fshort-wchar -mno-red-zone \
		-fno-stack-protector -fcf-protection=none -DGNU_EFI_USE_MS_ABI \
		-maccumulate-outgoing-args \
		-isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -c $< -o $@.o
	$(Q)$(LD) -nostdlib -shared -Bsymbolic --warn-common -z noexecstack \
		-T /usr/lib/elf_x86_64_efi.lds /usr/lib/crt0-efi-x86_64.o $@.o -o $@.so /usr/lib/libefi.a /usr/lib/libgnuefi.a
	$(Q)objcopy -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j .rel -j .rela \
		-j '.rel.*' -j '.rela.*' -j .reloc --target efi-app-x86_64 $@.so $@

# Code for a kernel of x86_64 that is none.
STANDIN := $(O)/host/standin.bin

$(STANDIN): tests/boot/standin.S
	$(call say,AS,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -c $< -o $@.o
	$(Q)objcopy -O binary -j .text $@.o $@

.PHONY: boot-tools
boot-tools: $(STANDIN) $(PROOF) $(STRIKE) $(EDIT) $(READSCREEN) $(CARRIED) $(FRAGMENT) $(INSTALL) $(NAIVE) $(VMM) image khoctl
