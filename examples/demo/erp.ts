export * from '../../src/demo/erp.ts'
